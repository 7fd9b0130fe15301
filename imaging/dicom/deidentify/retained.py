"""What each option of the profile retains or cleans: columns of DICOM PS3.15, Table E.1-1 (2026c).

Dates and times are not here: the table lets all of them be shifted but a patient's birth, a GPS
clock's, and those that are no DA, TM or DT.
"""

from imaging.dicom.deidentify.tags import tags_of

DEVICE = tags_of("""
    BeamHoldTransitionDateTime CalibrationDate CalibrationDateTime CalibrationTime CassetteID
    DateOfInstallation DateOfLastCalibration DateOfLastDetectorCalibration DateOfManufacture
    DateTimeOfLastCalibration DetectorID DeviceDescription DeviceLabel DeviceSerialNumber DeviceUID
    GantryID GeneratorID LensMake LensModel LensSerialNumber LensSpecification
    ManufacturerDeviceClassUID ManufacturerDeviceIdentifier ModifyingDeviceID ModifyingSystem
    PerformedStationGeographicLocationCodeSequence PerformedStationName
    PerformedStationNameCodeSequence PlateID ScheduledProcedureStepLocation
    ScheduledStationGeographicLocationCodeSequence ScheduledStationName
    ScheduledStationNameCodeSequence ScheduledStudyLocation SourceManufacturer SourceSerialNumber
    StationName TimeOfLastCalibration TimeOfLastDetectorCalibration TransducerIdentificationSequence
    TreatmentMachineName UDISequence UniqueDeviceIdentifier XRayDetectorID XRayDetectorLabel
    XRaySourceID
""")

PATIENT = tags_of("""
    EthnicGroup EthnicGroupCodeSequence PatientAge PatientSex PatientSexNeutered PatientSize
    PatientWeight PregnancyStatus SelectorASValue SmokingStatus
""")

# Of these only words that can be no name are kept.
PATIENT_CLEANED = tags_of("Allergies PatientState PreMedication SpecialNeeds")

DESCRIPTORS = PATIENT_CLEANED | tags_of("""
    AcquisitionComments AcquisitionDeviceProcessingDescription AcquisitionFieldOfViewLabel
    AcquisitionProtocolDescription AdditionalPatientHistory AdmittingDiagnosesCodeSequence
    AdmittingDiagnosesDescription AnnotationGroupDescription AnnotationGroupLabel
    BeamDescription BolusDescription ClinicalTrialSeriesDescription
    ClinicalTrialTimePointDescription CommentsOnRadiationDose CommentsOnThePerformedProcedureStep
    CompensatorDescription ConceptualVolumeCombinationDescription ConceptualVolumeDescription
    ContainerDescription ContrastBolusAgent ContributionDescription DecompositionDescription
    DerivationDescription DischargeDiagnosisDescription DisplacementReferenceLabel
    DoseReferenceDescription EntityDescription EntityLabel EntityLongLabel EntityName
    EquipmentFrameOfReferenceDescription FilterLookupTableDescription FixationDeviceDescription
    FractionationNotes FractionGroupDescription FrameComments IdentifyingComments ImageComments
    ImagingServiceRequestComments Impressions InterlockDescription InterlockOriginDescription
    InterpretationDiagnosisDescription InterpretationText LabelText LongDeviceDescription
    MedicalAlerts MultienergyAcquisitionDescription Occupation PatientComments
    PatientSetupPhotoDescription PatientTreatmentPreparationMethodDescription
    PatientTreatmentPreparationProcedureParameterDescription PerformedProcedureStepDescription
    PositionAcquisitionTemplateDescription PositionAcquisitionTemplateName PrescriptionDescription
    PrescriptionNotes PrescriptionNotesSequence PriorTreatmentDoseDescription ProtocolName
    PyramidDescription PyramidLabel RadiationDoseIdentificationLabel
    RadiationDoseInVivoMeasurementLabel RadiationGenerationModeDescription
    RadiationGenerationModeLabel ReasonForOmissionDescription
    ReasonForRequestedProcedureCodeSequence ReasonForStudy ReasonForSuperseding
    ReasonForTheAttributeModification ReasonForTheImagingServiceRequest
    ReasonForTheRequestedProcedure ReasonForVisit ReasonForVisitCodeSequence
    RequestAttributesSequence RequestedContrastAgent RequestedProcedureComments
    RequestedProcedureDescription RequestedSeriesDescription
    RespiratoryMotionCompensationTechniqueDescription ResultsComments ROIDescription
    ROIGenerationDescription ROIObservationDescription ROIObservationLabel
    RTPhysicianIntentNarrative RTPlanDescription RTPlanLabel RTPlanName RTPrescriptionLabel
    RTToleranceSetLabel RTTreatmentApproachLabel ScheduledProcedureStepDescription SelectorLOValue
    SelectorLTValue SelectorSHValue SelectorSTValue SelectorUTValue SeriesDescription
    ServiceEpisodeDescription SetupTechniqueDescription ShieldingDeviceDescription
    SpecimenDetailedDescription SpecimenShortDescription StructureSetDescription StructureSetLabel
    StructureSetName StudyComments StudyDescription TreatmentPositionGroupLabel TreatmentSite
    TreatmentSites TreatmentTechniqueNotes TreatmentToleranceViolationDescription UserContentLabel
    UserContentLongLabel VisitComments WaveformFilterDescription
""")

STRUCTURED_CONTENT = tags_of(
    "AcquisitionContextSequence ContentSequence SpecimenPreparationSequence"
)

# Sequences whose items do little more than refer; with their UIDs retained, they may stay.
REFERENCES = tags_of("""
    ReferencedPatientSequence ReferencedPerformedProcedureStepSequence ReferencedStudySequence
""")

# The table has no K for these two.
NOT_RETAINED_UIDS = tags_of("DigitalSignatureUID UID")

NOT_SHIFTED = tags_of("GPSTimeStamp PatientBirthDate PatientBirthTime")

# What the image of a CT volume needs: modules of PS3.3, A.3 and A.38, without what is optional.
CT_VOLUME = tags_of("""
    SpecificCharacterSet ImageType SOPClassUID SOPInstanceUID StudyDate StudyTime AccessionNumber
    Modality Manufacturer ReferringPhysicianName PatientName PatientID PatientBirthDate PatientSex
    PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence CodeValue
    CodingSchemeDesignator CodeMeaning SliceThickness KVP SpacingBetweenSlices GantryDetectorTilt
    PatientPosition StudyInstanceUID SeriesInstanceUID StudyID SeriesNumber AcquisitionNumber
    InstanceNumber ImagePositionPatient ImageOrientationPatient FrameOfReferenceUID
    PositionReferenceIndicator SliceLocation SamplesPerPixel PhotometricInterpretation
    PlanarConfiguration NumberOfFrames Rows Columns PixelSpacing PixelAspectRatio BitsAllocated
    BitsStored HighBit PixelRepresentation PixelPaddingValue PixelPaddingRangeLimit
    BurnedInAnnotation LongitudinalTemporalInformationModified WindowCenter WindowWidth
    RescaleIntercept RescaleSlope RescaleType LossyImageCompression LossyImageCompressionRatio
    LossyImageCompressionMethod ExtendedOffsetTable ExtendedOffsetTableLengths PixelData
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence
    PlanePositionSequence PlaneOrientationSequence PixelValueTransformationSequence
    FrameVOILUTSequence CTImageFrameTypeSequence FrameType PixelPresentation VolumetricProperties
    VolumeBasedCalculationTechnique FrameContentSequence DimensionIndexValues
    FrameAcquisitionNumber StackID InStackPositionNumber DimensionOrganizationSequence
    DimensionOrganizationUID DimensionIndexSequence DimensionIndexPointer FunctionalGroupPointer
    ContentDate ContentTime
""")
